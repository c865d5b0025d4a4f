#!yaml
# Variables of the process, where passwords belong, and what is to be otherwise than states/@slug@/defaults.yaml says.
# This file is yours: hx deploy does not write it again, and .gitignore keeps it out of the repository.
@slug@:
  environment:@environment@
