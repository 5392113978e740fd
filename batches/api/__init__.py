"""The API of this room: definitions, lots, orders, weights, batches, steps, values, scans, departures."""
