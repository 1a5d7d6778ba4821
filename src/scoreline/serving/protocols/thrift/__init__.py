"""Thrift: the methods of Driverless AI's TCP service, in the binary protocol."""
