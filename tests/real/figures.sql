-- Every number of a diagnosis once more, from the days of the facts, by the definitions of the
-- domain. One row per shop and metric comes out; NULL is missing. Nothing is rounded here.
-- Given: the tables shops (shop, industry) and days (shop, day, measure, value); the variable as_of.

CREATE OR REPLACE MACRO midpoint_change(now, before) AS
    CASE WHEN now = 0 AND before = 0 THEN 0 ELSE (now - before) / ((now + before) / 2) END;

-- The metrics that these facts can tell. `sample` counts what the value rests on; a quotient is
-- compared with peers only where its sample over 30 days is `least` or more; with `enough` a shop
-- weighs fully in the market's move. What is judged is better the higher it is.
CREATE OR REPLACE TEMP TABLE definitions AS
FROM (VALUES
    ('product_clicks',  'product_clicks',  NULL,         'product_clicks',  0,  100, true),
    ('orders',          'orders',          NULL,         'orders',          0,  20, true),
    ('gmv',             'gmv',             NULL,         'orders',          0,  20, true),
    ('aov_sku',         'gmv',             'sku_orders', 'sku_orders',      20, 20, true),
    ('active_products', 'active_products', NULL,         'active_products', 0,  5, true),
    ('sku_orders',      'sku_orders',      NULL,         'sku_orders',      0,  0, false),
    ('items_sold',      'items_sold',      NULL,         'items_sold',      0,  0, false),
    ('shipping_fees',   'shipping_fees',   NULL,         'shipping_fees',   0,  0, false)
) AS _ (metric, above, below, sample, least, enough, judged);

-- The windows, each with the one before it, and the 13 weeks before the current one (W1 = P7D).
CREATE OR REPLACE TEMP TABLE periods AS
WITH spans AS (
    FROM (VALUES ('L7D', 0, 7), ('P7D', 7, 7), ('L30D', 0, 30), ('P30D', 30, 30))
        AS _ (period, days_ago, days)
    UNION ALL
    SELECT 'W' || week, CAST(7 * week AS INTEGER), 7 FROM range(1, 14) AS _ (week)
)
SELECT
    period,
    days,
    CAST(getvariable('as_of') - days_ago - days + 1 AS DATE) AS first_day,
    CAST(getvariable('as_of') - days_ago AS DATE) AS last_day
FROM spans;

-- A sum is known when all days of the period are; a gauge takes its last value, if that is at most
-- three days old on the period's last day.
CREATE OR REPLACE TEMP TABLE sums AS
WITH totals AS (
    SELECT
        shop,
        period,
        measure,
        CASE WHEN count(*) = any_value(days) THEN CAST(sum(value) AS DOUBLE) END AS value
    FROM days JOIN periods ON day BETWEEN first_day AND last_day
    WHERE measure <> 'active_products'
    GROUP BY ALL
),
gauges AS (
    SELECT shop, period, measure, CAST(arg_max(value, day) AS DOUBLE) AS value
    FROM days JOIN periods ON day BETWEEN last_day - 3 AND last_day
    WHERE measure = 'active_products'
    GROUP BY ALL
)
FROM totals UNION ALL FROM gauges;

-- A ratio is the sum of its numerator ÷ the sum of its denominator; by 0 it is missing.
CREATE OR REPLACE TEMP TABLE figures AS
SELECT
    above.shop,
    above.period,
    metric,
    industry,
    CASE WHEN definitions.below IS NULL THEN above.value
         WHEN below.value <> 0 THEN above.value / below.value
    END AS value,
    definitions.below IS NULL AS sized,
    sample.value AS sample,
    least,
    enough,
    judged
FROM definitions
JOIN sums AS above ON above.measure = definitions.above
JOIN shops USING (shop)
LEFT JOIN sums AS below
    ON below.measure = definitions.below AND below.shop = above.shop AND below.period = above.period
LEFT JOIN sums AS sample
    ON sample.measure = definitions.sample AND sample.shop = above.shop
   AND sample.period = above.period;

-- AA: seven days against the seven before.
CREATE OR REPLACE TEMP TABLE changes AS
SELECT
    shop,
    metric,
    now.industry,
    midpoint_change(now.value, before.value) AS change,
    least(now.sample, before.sample) AS compared,
    now.enough,
    now.sample + before.sample AS events
FROM figures AS now JOIN figures AS before USING (shop, metric)
WHERE now.period = 'L7D' AND before.period = 'P7D' AND now.judged;

-- A shop's own noise: 1.4826 × MAD of its weekly midpoint changes, four of them at least; never
-- less than what counting brings: √(4 ÷ events) of events by chance, and 2 ÷ things, one more or
-- fewer, of the products that a seller lists.
CREATE OR REPLACE TEMP TABLE noises AS
WITH weeks AS (
    SELECT shop, metric, CAST(period[2:] AS INTEGER) AS week, value
    FROM figures
    WHERE period[1] = 'W' AND judged
),
steps AS (
    SELECT shop, metric, midpoint_change(newer.value, older.value) AS change
    FROM weeks AS newer JOIN weeks AS older USING (shop, metric)
    WHERE older.week = newer.week + 1 AND newer.value IS NOT NULL AND older.value IS NOT NULL
),
centred AS (
    SELECT shop, metric, abs(change - median(change) OVER (PARTITION BY shop, metric)) AS distance
    FROM steps
)
SELECT shop, metric, 1.4826::DOUBLE * median(distance) AS own
FROM centred
GROUP BY ALL
HAVING count(*) >= 4;

-- The market's move: the weighted median change of the narrowest cohort with 20 others in it. Who
-- had nothing to compare in one of the two weeks moves nobody, and who had less than the minimum
-- sample counts in proportion. Weights are whole numbers, so that half of them is exactly half.
CREATE OR REPLACE TEMP TABLE markets AS
WITH movers AS (
    SELECT *, CAST(least(compared, enough) AS BIGINT) AS weight
    FROM changes
    WHERE change IS NOT NULL AND compared > 0
),
weighed AS (
    SELECT
        metric,
        industry,
        change,
        sum(weight) OVER (inside ORDER BY change) AS up_to_in_industry,
        sum(weight) OVER inside AS all_in_industry,
        sum(weight) OVER (everywhere ORDER BY change) AS up_to,
        sum(weight) OVER everywhere AS in_all
    FROM movers
    WINDOW inside AS (PARTITION BY metric, industry), everywhere AS (PARTITION BY metric)
),
of_industry AS (
    SELECT
        metric,
        industry,
        (min(change) FILTER (up_to_in_industry * 2 >= all_in_industry)
         + min(change) FILTER (up_to_in_industry * 2 > all_in_industry)) / 2 AS market
    FROM weighed
    GROUP BY ALL
    HAVING count(*) - 1 >= 20
),
of_region AS (
    SELECT
        metric,
        (min(change) FILTER (up_to * 2 >= in_all)
         + min(change) FILTER (up_to * 2 > in_all)) / 2 AS market
    FROM weighed
    GROUP BY ALL
    HAVING count(*) - 1 >= 20
)
SELECT shop, metric, coalesce(of_industry.market, of_region.market) AS market
FROM changes
LEFT JOIN of_industry USING (metric, industry)
LEFT JOIN of_region USING (metric);

-- AB: thirty days against benchmark sellers. The benchmark is what three quarters of the *other*
-- shops of the cohort do not exceed, by nearest rank. Neither marketplace has a ladder of tiers, so
-- the cohort is the industry, and with fewer than 20 others everybody in the region. What grows with
-- the shop is compared within a tier alone: here with nobody.
CREATE OR REPLACE TEMP TABLE peers AS
WITH compared AS (
    FROM figures
    WHERE period = 'L30D' AND judged AND value IS NOT NULL AND (least = 0 OR sample >= least)
      AND NOT sized
),
placed AS (
    SELECT
        shop,
        metric,
        quantile_disc(value, 0.75) OVER other_peers AS of_industry,
        count(*) OVER other_peers AS peers_in_industry,
        count(*) OVER worse_peers AS worse_in_industry,
        quantile_disc(value, 0.75) OVER others AS of_region,
        count(*) OVER others AS peers_in_region,
        count(*) OVER worse AS worse_in_region
    FROM compared
    WINDOW
        other_peers AS (
            PARTITION BY metric, industry
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW
        ),
        worse_peers AS (
            PARTITION BY metric, industry ORDER BY value
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP
        ),
        others AS (
            PARTITION BY metric
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW
        ),
        worse AS (
            PARTITION BY metric ORDER BY value
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP
        )
),
chosen AS (
    SELECT shop, metric, 'industry' AS cohort, of_industry AS benchmark,
           peers_in_industry AS peers, worse_in_industry AS worse
    FROM placed
    WHERE peers_in_industry >= 20
    UNION ALL
    SELECT shop, metric, 'region', of_region, peers_in_region, worse_in_region
    FROM placed
    WHERE peers_in_industry < 20 AND peers_in_region >= 20
)
-- Better than this share of the cohort, in full steps of five.
SELECT *, 5 * CAST(floor(20 * worse / (peers + 1)) AS INTEGER) AS percentile
FROM chosen;

CREATE OR REPLACE TEMP TABLE recomputed AS
WITH wide AS (
    SELECT
        shop,
        metric,
        any_value(value) FILTER (period = 'L7D') AS l7d,
        any_value(value) FILTER (period = 'P7D') AS p7d,
        any_value(value) FILTER (period = 'L30D') AS l30d,
        any_value(value) FILTER (period = 'P30D') AS p30d
    FROM figures
    GROUP BY ALL
)
SELECT
    shop,
    metric,
    l7d,
    p7d,
    l30d,
    p30d,
    CASE WHEN p7d <> 0 THEN l7d / p7d - 1 END AS change,
    changes.change AS moved,
    market,
    CASE WHEN own IS NOT NULL THEN greatest(
        own,
        CASE
            WHEN metric = 'active_products' THEN 2 / nullif(events, 0)
            ELSE sqrt(4 / nullif(events, 0))
        END
    ) END AS noise,
    benchmark,
    cohort,
    peers,
    percentile
FROM wide
LEFT JOIN changes USING (shop, metric)
LEFT JOIN noises USING (shop, metric)
LEFT JOIN markets USING (shop, metric)
LEFT JOIN peers USING (shop, metric);
