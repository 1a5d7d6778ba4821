"""How a connection that speaks HTTP/2 begins, where HTTP/1.1 is spoken, too."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def behind_preface(data: bytes | memoryview) -> bytes | None:
    """Return what follows the preface in the packet that ends it; None: there is something before it."""
    data = bytes(data)
    for at in range(len(PREFACE)):
        if data.startswith(PREFACE[at:]):
            return data[len(PREFACE) - at :]
    return None
