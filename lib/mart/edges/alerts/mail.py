"""E-mail: hand a message to an SMTP server.

The Message-ID follows from the message's id, so a mail that comes twice is one mail to most mailboxes.
"""

import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from mart.edges.alerts.message import AlertsError, Message, PassingFault, Sleep, insist
from mart.settings import Alerts

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailChannel:
    """Mails through the server of the settings."""

    def __init__(self, alerts: Alerts, sleep: Sleep = time.sleep) -> None:
        self._alerts, self._at, self._sleep = alerts, alerts.smtp, sleep
        if not (self._at.sender and self._at.recipients):
            raise AlertsError("alerts.smtp lacks sender or recipients: set both, or leave alerts.smtp.host empty")
        if self._at.user and not self._at.starttls and self._at.host not in LOOPBACK:
            raise AlertsError("alerts.smtp.starttls is off and the password would travel readable: turn it on")

    def send(self, message: Message) -> None:
        mail, left = self._mail(message), list(self._at.recipients)
        insist(self._alerts, lambda: self._hand_over(mail, left), self._sleep)

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._at.sender, ", ".join(self._at.recipients)
        mail["Subject"] = f"[{message.severity}] {message.subject}"
        mail["Message-ID"] = f"<{message.digest}@{self._at.sender.rpartition('@')[2].rstrip('>')}>"
        mail.set_content(message.text)
        return mail

    def _hand_over(self, mail: EmailMessage, left: list[str]) -> None:
        """Mail to those that are left; only those whom the server put off stay."""
        with self._faults(), smtplib.SMTP(self._at.host, self._at.port, timeout=self._alerts.timeout_seconds) as server:
            self._sign_in(server)
            try:
                refused = server.send_message(mail, to_addrs=left)
                left[:] = refused
            except smtplib.SMTPRecipientsRefused as nobody:
                refused = nobody.recipients
        if not refused:
            return
        what = f"the mail server refuses {', '.join(f'{who} ({_said(*why)})' for who, why in refused.items())}"
        if all(code < 500 for code, _ in refused.values()):
            raise PassingFault(what)
        raise AlertsError(f"{what}: correct alerts.smtp.recipients")

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self._at.starttls:
            server.starttls(context=ssl.create_default_context())
        if self._at.user:
            server.login(self._at.user, self._at.password.get_secret_value())

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Sort what goes wrong into what passes and what stays; what a server says of a sign-in is not repeated."""
        where = f"the mail server {self._at.host}:{self._at.port}"
        try:
            yield
        except smtplib.SMTPServerDisconnected:
            raise PassingFault(f"{where} broke off") from None
        except smtplib.SMTPAuthenticationError as error:
            what = f"{where} refuses the sign-in of {self._at.user} ({error.smtp_code})"
            raise _by_code(error.smtp_code, what, "check alerts.smtp.user and alerts.smtp.password") from None
        except smtplib.SMTPResponseException as error:
            what = f"{where} answers {_said(error.smtp_code, error.smtp_error)}"
            raise _by_code(error.smtp_code, what, "check alerts.smtp, sender and port above all") from None
        except smtplib.SMTPException as error:
            raise AlertsError(f"{where}: {error}: check alerts.smtp, starttls and port above all") from None
        except ssl.SSLError as error:
            raise AlertsError(f"{where}: {error.reason}: its certificate must be known to this machine") from None
        except OSError as error:
            raise PassingFault(f"{where} does not answer ({error.strerror or type(error).__name__})") from None


def _by_code(code: int, what: str, remedy: str) -> Exception:
    """4xx passes, by RFC 5321."""
    return PassingFault(what) if 400 <= code < 500 else AlertsError(f"{what}: {remedy}")


def _said(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())[:200]}"
