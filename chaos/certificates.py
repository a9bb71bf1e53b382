"""A certificate authority for one scenario, made with the `openssl` command."""

import os
import ssl
import subprocess


class Authority:
    """Signs certificates for 127.0.0.1; everything lies in one directory."""

    def __init__(self, directory, name="authority"):
        self.directory, self.name = directory, name
        os.makedirs(directory, exist_ok=True)
        self.certificate, self.key = self._path(f"{name}.pem"), self._path(f"{name}.key")
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate,
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
        )

    def _path(self, file):
        return os.path.join(self.directory, file)

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def issue(self, name, days=1):
        """A certificate for a process on loopback, good for both ends of a connection; returns its two files."""
        certificate, key, request = (self._path(f"{name}.{end}") for end in ("pem", "key", "csr"))
        extensions = self._path(f"{name}.ext")
        with open(extensions, "w") as file:
            file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n")
            file.write("basicConstraints=CA:FALSE\n")
        self._openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={name}", "-keyout", key, "-out", request,
        )
        self._openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", str(days), "-extfile", extensions, "-out", certificate,
        )
        return certificate, key

    def client_context(self, certificate=None, key=None):
        context = ssl.create_default_context(cafile=self.certificate)
        if certificate:
            context.load_cert_chain(certificate, key)
        return context
