-- A standing approval is of a product; those of before have none, and let nothing leave.
ALTER TABLE standing_approvals ADD COLUMN product TEXT REFERENCES products (id);
CREATE INDEX standing_approvals_product ON standing_approvals (product, id) WHERE product IS NOT NULL;
CREATE INDEX standing_approvals_open ON standing_approvals (id) WHERE state IN ('proposed', 'in-force');
