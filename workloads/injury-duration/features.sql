-- An examination stands for itself: nothing is added from other rows.
SELECT * FROM source
