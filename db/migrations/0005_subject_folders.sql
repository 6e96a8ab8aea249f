-- Whether the folder of an SBOM's subject has namesakes is asked for each line of a stream of SBOMs.
create index records_subject_folders on records (tenant_id, subject_folder) where kind = 'sbom';
