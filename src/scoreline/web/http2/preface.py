"""How a connection that speaks HTTP/2 begins, where HTTP/1.1 is spoken, too."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def behind_preface(data: bytes | memoryview) -> bytes | None:
    """Return what follows the preface in the packet that ends it; None: no preface ends there.

    The parser of HTTP/1.1 refuses the preface at its end, wherever the packets before were cut.
    """
    data = bytes(data)
    for at in range(len(PREFACE)):
        if data.startswith(PREFACE[at:]):
            return data[len(PREFACE) - at :]
    return None
