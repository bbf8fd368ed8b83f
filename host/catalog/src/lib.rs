//! Resources, snapshots, import, and governed scans over Parquet.
