#!/bin/sh
echo "$1" | tr "[:lower:]" "[:upper:]"
