-- Decoy subjects of a resource, by keyed digest: the value itself is in the data alone.
CREATE TABLE decoys (
    resource TEXT NOT NULL REFERENCES resources (id),
    digest TEXT NOT NULL,
    PRIMARY KEY (resource, digest)
);
