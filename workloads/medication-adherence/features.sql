-- Nothing is added to a claim: without a member id, no earlier claim can be told from another member's.
SELECT * FROM source
