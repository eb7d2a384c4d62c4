# SPDX-License-Identifier: Apache-2.0
"""moto's server, with three faults of moto 5.1 mended: its KMS takes MessageType DIGEST for a message and hashes it again; where
it checks credentials it wants a signature of AssumeRoleWithWebIdentity, which has none; and it checks the condition of a write to S3
or DynamoDB some time before it writes, so that two conditional writes at the same time both succeed."""

from functools import wraps
from threading import RLock

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.authorization import ActionAuthenticatorMixin
from moto.dynamodb.responses import DynamoHandler
from moto.kms import utils
from moto.kms.responses import KmsResponse
from moto.s3.responses import S3Response
from moto.server import main

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


class Digest(bytes):
    """What is signed without being hashed."""


def options(algorithm):
    chosen = HASHES[algorithm[-3:]]
    if algorithm.startswith("ECDSA"):
        return [ec.ECDSA(Prehashed(chosen))]
    pss = padding.PSS(mgf=padding.MGF1(chosen), salt_length=chosen.digest_size)
    return [pss if "PSS" in algorithm else padding.PKCS1v15(), Prehashed(chosen)]


def let_sign_digests(key_class):
    whole = key_class.sign

    def sign(self, message, signing_algorithm):
        if not isinstance(message, Digest):
            return whole(self, message, signing_algorithm)
        return self.private_key.sign(bytes(message), *options(signing_algorithm))

    key_class.sign = sign


def let_take_digests():
    whole = KmsResponse.sign

    def sign(self):
        parameter = self._get_param
        if parameter("MessageType") == "DIGEST":

            def digest(name, *rest):
                value = parameter(name, *rest)
                return Digest(value) if name == "Message" else value

            self._get_param = digest
        return whole(self)

    KmsResponse.sign = sign


def let_web_identities_in():
    whole = ActionAuthenticatorMixin._authenticate_and_authorize_action

    def check(self, *arguments, **options):
        if self._get_action() != "AssumeRoleWithWebIdentity":
            whole(self, *arguments, **options)

    ActionAuthenticatorMixin._authenticate_and_authorize_action = check


def one_at_a_time(handlers, names):
    """Let each of these writes check its condition and write before another one begins."""
    turn = RLock()
    for name in names:
        whole = getattr(handlers, name)

        def write(*arguments, _whole=whole, **options):
            with turn:
                return _whole(*arguments, **options)

        setattr(handlers, name, wraps(whole)(write))


let_sign_digests(utils.ECDSAPrivateKey)
let_sign_digests(utils.RSAPrivateKey)
let_take_digests()
let_web_identities_in()
one_at_a_time(S3Response, ["put_object", "delete_object"])
one_at_a_time(DynamoHandler, ["put_item", "update_item", "delete_item", "transact_write_items"])
main()
