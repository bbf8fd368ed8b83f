//! One file per stage, from upload to release; the only owner of the order of things.
