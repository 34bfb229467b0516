-- What the Koubei file says up to the as-of date. A day without a row is unknown, and so is a cell
-- without a number: views were not counted before 2016-02-01.
-- Variables: facts (the Parquet file), as_of.

CREATE OR REPLACE TEMP TABLE shops AS
SELECT
    CAST(shop_id AS VARCHAR) AS shop,
    arg_max(category, date) AS industry
FROM read_parquet(getvariable('facts'))
WHERE date <= getvariable('as_of')
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE days AS
WITH delivered AS (
    SELECT
        CAST(shop_id AS VARCHAR) AS shop,
        date AS day,
        unnest([
            {'measure': 'orders', 'value': CAST(orders AS DECIMAL(18, 4))},
            {'measure': 'product_clicks', 'value': CAST(views AS DECIMAL(18, 4))}
        ], recursive := true)
    FROM read_parquet(getvariable('facts'))
    WHERE date BETWEEN getvariable('as_of') - 119 AND getvariable('as_of')
)
SELECT shop, day, measure, value
FROM delivered
WHERE value IS NOT NULL;
