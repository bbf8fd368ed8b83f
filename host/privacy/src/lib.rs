//! Differential privacy: bounded contributions, noise, and the account of what a population has spent.
