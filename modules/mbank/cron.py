# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.pool import PoolMeta


class Cron(metaclass=PoolMeta):
    __name__ = 'ir.cron'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.extend([
                ('mbank.session|check_all', "Check mBank Sessions"),
                ('mbank.session|finish_all', "End mBank Sessions at the Bank"),
                ('mbank.call|clean', "Clean up the mBank Audit"),
                ('mbank.signing.job|clean', "Clean up mBank Signing Jobs"),
                ('mbank.certificate|warn', "Warn of mBank Certificates"),
                ('mbank.statement.account|download_daily',
                    "Download mBank Statements"),
                ('mbank.report|recover', "Go on with mBank Statements"),
                ('mbank.order.batch|follow', "Follow mBank Order Batches"),
                ('mbank.share|deliver_all', "Tell Targets of mBank Shares"),
                ('mbank.share.inbox|receive_all', "Receive mBank Shares"),
                ])
