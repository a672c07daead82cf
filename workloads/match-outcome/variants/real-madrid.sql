-- The file brings its rolling form along: nothing is added.
SELECT * FROM source
