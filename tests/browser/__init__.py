"""The product as people meet it, in Chromium."""
