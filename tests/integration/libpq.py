# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL through libpq itself: a connection that stays open, and statements to be timed."""
import ctypes

COMMAND_OK, TUPLES_OK = 1, 2


class Error(Exception):
    """What the server said."""


def _library():
    pq = ctypes.CDLL('libpq.so.5')
    for name, given in (('PQconnectdb', [ctypes.c_char_p]), ('PQfinish', [ctypes.c_void_p]),
                        ('PQexec', [ctypes.c_void_p, ctypes.c_char_p]),
                        ('PQclear', [ctypes.c_void_p]), ('PQstatus', [ctypes.c_void_p]),
                        ('PQresultStatus', [ctypes.c_void_p]),
                        ('PQerrorMessage', [ctypes.c_void_p])):
        getattr(pq, name).argtypes = given
    pq.PQconnectdb.restype = pq.PQexec.restype = ctypes.c_void_p
    pq.PQerrorMessage.restype = ctypes.c_char_p
    return pq


class Connection:
    """A context; each statement is its own transaction unless BEGIN says otherwise."""

    def __init__(self, port, database):
        self.pq = _library()
        self.link = self.pq.PQconnectdb(b'host=127.0.0.1 user=castiron port=%d dbname=%s'
                                        % (port, database.encode()))
        if self.pq.PQstatus(self.link) != 0:
            raise Error(self.pq.PQerrorMessage(self.link).decode())

    def run(self, statement):
        """Runs it and forgets the answer."""
        result = self.pq.PQexec(self.link, statement.encode())
        status = self.pq.PQresultStatus(result)
        self.pq.PQclear(result)
        if status not in (COMMAND_OK, TUPLES_OK):
            raise Error(self.pq.PQerrorMessage(self.link).decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pq.PQfinish(self.link)
