# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Long-lived sessions: their life, who has them and what they authorise.

Knows the gateway and what is below it; not who signs, pays or shares. The
classes of mbank.session are registered from the record up, and each uses what
is registered before it: record, history, telling, ending, making, life,
renewal, rights of owners, contexts, the regular check, what is shown.
"""
