-- What a viewer said they like, by the field of videos that holds it: {"genres": [...], "maker": [...], "performers": [...]}. A column
-- of its own, so that an import of attributes leaves it alone; it is read, handed over and erased with the profile, whose
-- rights are its rights: a viewer sees their own, and only the service writes it.
alter table profiles add column if not exists taste jsonb;
