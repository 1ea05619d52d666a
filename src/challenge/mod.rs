//! Editions of the challenge as data: rules, published tables.
