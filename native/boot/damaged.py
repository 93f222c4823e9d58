import sys

reason = sys.exc_info()[1]
sys.exit("czex: can't start %s: it is damaged: %s; download or build it again" % (__file__, reason))
