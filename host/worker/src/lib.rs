//! Claims queued runs and supervises their rooms.
