-- What a vector was made of is kept with the vector alone: syncs and futago embed compare the same.
alter table sync_items drop column if exists content_hash;
