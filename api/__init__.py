"""The worker now, the HTTP doors later: asyncio, stateless; imports models and pacing_core only."""
