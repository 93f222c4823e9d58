import sys

reason = sys.exc_info()[1]
sys.exit("czex: %s is damaged: %s; download or build it again" % (__file__, reason))
