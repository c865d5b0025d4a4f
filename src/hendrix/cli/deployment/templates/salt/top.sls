# Which machines are to have it. This file is yours: hx deploy does not write it again.
base:
  '*':
    - @slug@
