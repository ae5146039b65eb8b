"""Alignment of prepared data: kernels over files, streamed so that memory stays bounded."""
