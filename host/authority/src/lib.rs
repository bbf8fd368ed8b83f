//! Loads the Cedar policies, decides, and yields capabilities.
