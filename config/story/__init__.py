"""The story of a training site: invented people and three published batches, told through the real actions."""
