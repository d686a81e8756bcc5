-- +goose Up
-- What of the orders says which products are bought, and which together: worked
-- out anew by the clock (internal/recommend) and bounded, so that a page of
-- proposals costs the same whatever was sold.
CREATE TABLE product_figures (
  product_id uuid NOT NULL PRIMARY KEY,
  category_key text NULL,
  orders integer NOT NULL,
  owners integer NOT NULL,
  figures_at datetime NOT NULL,
  pairs_at datetime NULL
);
CREATE INDEX product_figures_popular ON product_figures (owners, orders, product_id);
CREATE INDEX product_figures_category ON product_figures (category_key, owners, orders, product_id);
CREATE INDEX product_figures_age ON product_figures (figures_at);
CREATE INDEX product_figures_pairs_age ON product_figures (pairs_at);

CREATE TABLE product_pairs (
  product_id uuid NOT NULL,
  with_id uuid NOT NULL,
  orders integer NOT NULL,
  owners integer NOT NULL,
  score integer NOT NULL,
  counted_at datetime NOT NULL,
  PRIMARY KEY (product_id, with_id)
);
