"""What the commands show: plain data in, rich renderables out. Nothing here reads, writes or decides."""
