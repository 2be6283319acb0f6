### What is said about hosts that are reached by SSH.

host-other-key = { $host } showed another host key than the one in the catalog, so nothing was sent to it. If the host was built anew, please ask the provider to correct the catalog; if not, please tell them at once.
host-out-of-reach = Nothing can be done on { $host } now: { $reason }
host-no-entry = { $host } did not accept Tandem's certificate; nothing was done. Please ask the provider to check that the host trusts your authority in Vault and lists its principal.
