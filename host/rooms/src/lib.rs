//! Feed, cell and gate: their plans, their protocol with the supervisor, their lock-down.
