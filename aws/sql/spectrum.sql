-- Redshift Spectrum: the lake's tables as an external schema. Run once in Redshift, as a superuser.
--
-- Spectrum reads Delta through symlink manifests, which `mart catalog` writes and registers in Glue as *_spectrum; run
-- that again when tables have changed. The role is one of your own that Redshift may take on, with s3:GetObject and
-- s3:ListBucket on the lake's bucket and glue:GetDatabase, glue:GetTable(s) and glue:GetPartition(s) on the database.

CREATE EXTERNAL SCHEMA IF NOT EXISTS mart
FROM DATA CATALOG
DATABASE 'mart'                                          -- GlueDatabase of the environment
IAM_ROLE 'arn:aws:iam::<account>:role/<redshift-role>'   -- yours
REGION '<region>';

-- Who may ask.
CREATE GROUP analysts;
GRANT USAGE ON SCHEMA mart TO GROUP analysts;

-- What is there, and a first question.
SELECT tablename, location FROM svv_external_tables WHERE schemaname = 'mart' ORDER BY tablename;
