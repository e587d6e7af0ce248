-- In which trace a run goes on that was accepted by a request: its `traceparent` (W3C Trace Context).
ALTER TABLE run ADD COLUMN traceparent text;
