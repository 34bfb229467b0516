-- What the Olist file says up to the as-of date. It has rows for days with sales alone: from
-- 2017-01-09 on a day without a row is a day without sales. Only the number of active products is
-- not zero then; it is a gauge, and known on the days with a row.
-- Variables: facts (the Parquet file), as_of.

CREATE OR REPLACE TEMP TABLE shops AS
SELECT
    shop_id AS shop,
    arg_max(category, date) AS industry
FROM read_parquet(getvariable('facts'))
WHERE date <= getvariable('as_of')
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE days AS
WITH delivered AS (
    SELECT
        shop_id AS shop,
        date AS day,
        unnest([
            {'measure': 'gmv', 'value': CAST(gmv AS DECIMAL(18, 4))},
            {'measure': 'orders', 'value': CAST(orders AS DECIMAL(18, 4))},
            {'measure': 'sku_orders', 'value': CAST(sku_orders AS DECIMAL(18, 4))},
            {'measure': 'items_sold', 'value': CAST(items_sold AS DECIMAL(18, 4))},
            {'measure': 'shipping_fees', 'value': CAST(freight AS DECIMAL(18, 4))},
            {'measure': 'active_products', 'value': CAST(active_products AS DECIMAL(18, 4))}
        ], recursive := true)
    FROM read_parquet(getvariable('facts'))
    WHERE date BETWEEN getvariable('as_of') - 119 AND getvariable('as_of')
      AND date >= DATE '2017-01-09'
),
calendar AS (
    SELECT CAST(unnest(generate_series(
        greatest(getvariable('as_of') - 119, DATE '2017-01-09'), getvariable('as_of'), INTERVAL 1 DAY
    )) AS DATE) AS day
),
counted AS (
    SELECT unnest(['gmv', 'orders', 'sku_orders', 'items_sold', 'shipping_fees']) AS measure
)
SELECT shop, day, measure, coalesce(value, 0) AS value
FROM shops CROSS JOIN calendar CROSS JOIN counted LEFT JOIN delivered USING (shop, day, measure)
UNION ALL
SELECT shop, day, measure, value
FROM delivered
WHERE measure = 'active_products' AND value IS NOT NULL;
