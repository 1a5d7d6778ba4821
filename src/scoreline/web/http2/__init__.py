"""The server's side of HTTP/2 (RFC 9113). It knows frames, streams and windows, and nothing of what is asked."""
