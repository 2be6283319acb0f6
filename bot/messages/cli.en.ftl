### What the command line says to operators, besides what people are told in chat.

cli-no-member = Deciding by the command line needs TANDEM_UNSAFE_CLI_MEMBER, the id of a member of the catalog: whoever can start this program is then believed to be that person. Nothing was decided.
cli-unknown-member = TANDEM_UNSAFE_CLI_MEMBER is “{ $got }”, and the catalog has no member of that id. Meant may be: { $known }. Nothing was decided.
cli-no-client = The catalog has no client “{ $got }”. Known: { $known }.
cli-nothing-recorded = Nothing is recorded of “{ $got }”. Known: { $known }.
cli-file-exists = { $file } exists already and is left as it is. Please name another file.
cli-file-unwritable = { $file } cannot be written: { $reason }.
cli-no-verifier = The verifier is not installed beside this program. Please use deploy/verify/tandem_verify.py of the source; it needs nothing but Python.
cli-no-sandbox = The sandbox needs more than the program itself ({ $missing } is missing). Please install it with the extra: pip install 'tandem-ops[sandbox]'
cli-url = Got “{ $got }”; Slack wants an address that begins with https://, such as https://tandem.example.com

cli-issuer = Got “{ $got }”, wanted Vault's origin as AWS reaches it, without a path, such as https://vault.example.com.
