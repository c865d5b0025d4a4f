# @mark@
{%- import_yaml "@slug@/defaults.yaml" as defaults %}
{%- set it = salt['pillar.get']('@slug@', default=defaults, merge=True) %}
{%- set packages = it.packages if it.packages is not none
                   else (['python3-venv'] if grains['os_family'] == 'Debian' else []) %}
{%- set hx = it.virtualenv ~ '/bin/hx' %}
{%- set python = it.virtualenv ~ '/bin/python' %}
{#- Any other trouble with it is not to pass for a server that is not there. #}
{%- set absent = 'XDG_RUNTIME_DIR=' ~ (it.runtime | quote) ~ ' ' ~ (hx | quote)
                 ~ " status --quiet 2>&1 | grep -q '^hx: no server '" %}
{#- The writable directories that lie within the project. #}
{%- set within = [] %}
{%- for path in it.writable if path.startswith(it.project ~ '/') %}{% do within.append(path) %}{% endfor %}
{%- set variables = dict(it.django, **it.environment) %}
{%- set units = 'units' if (grains.get('systemd') or {}).get('version', 999) | int >= 253 else 'units-before-253' %}

{#- A command that says itself whether it changed something; one that fails stops all that follows. #}
{%- macro step(words, changed, forgiven='', own=True) %}
  cmd.run:
    - name: |
        said=$({% for word in words %}{{ word | quote }} {% endfor %}2>&1)
        status=$?
        printf '%s\n\n' "$said"
        {%- if forgiven %}
        printf '%s' "$said" | grep -qE {{ forgiven | quote }} && status=0
        {%- endif %}
        [ $status = 0 ] || exit $status
        if printf '%s' "$said" | grep -qE {{ changed | quote }}; then echo changed=yes; else echo changed=no; fi
    - stateful: True
    - cwd: {{ it.project | tojson }}
    - failhard: True
    {%- if own %}
    - env: {{ variables | tojson }}
    {%- if it.root %}
    - runas: {{ it.user | tojson }}
    {%- endif %}
    {%- endif %}
{%- endmacro %}

{%- if packages %}

@name@ packages:
  pkg.installed:
    - pkgs: {{ packages | tojson }}
    - failhard: True
{%- endif %}

{#- Asked here and not by unless: user.present would run that by the shell that it gives to the user, which is nologin,
    take the failure for "not there", and change a user who is. #}
{%- if not salt['group.info'](it.group) %}

@name@ group:
  group.present:
    - name: {{ it.group | tojson }}
    - system: True
    - failhard: True
{%- endif %}

{%- if not salt['user.info'](it.user) %}

@name@ user:
  user.present:
    - name: {{ it.user | tojson }}
    - gid: {{ it.group | tojson }}
    - system: True
    - home: {{ it.project | tojson }}
    - createhome: False
    - shell: /usr/sbin/nologin
    - failhard: True
{%- endif %}

# The directory around it is root's.
@name@ place:
  file.directory:
    - names: {{ [salt['file.dirname'](it.project), salt['file.dirname'](it.virtualenv), salt['file.dirname'](it.brought)]
                | unique | list | tojson }}
    - makedirs: True
    - failhard: True

# What lies within the project is its user's to make: a link there could lead root anywhere.
@name@ directories:
  file.directory:
    - names: {{ ([it.project] + (it.writable | difference(within))) | tojson }}
    - user: {{ it.user | tojson }}
    - group: {{ it.group | tojson }}
    - mode: '0750'
    - failhard: True

@name@ brought:
  file.directory:
    - name: {{ it.brought | tojson }}
    - group: {{ it.group | tojson }}
    - mode: '0750'
    - failhard: True

{%- for name in ['project.tar.gz', 'unpack.py'] %}

@name@ {{ name }}:
  file.managed:
    - name: {{ (it.brought ~ '/' ~ name) | tojson }}
    - source: salt://@slug@/files/{{ name }}
    - group: {{ it.group | tojson }}
    - mode: '0640'
    - show_changes: False
    - failhard: True
{%- endfor %}

@name@ unpacked:
  {{- step([it.python, it.brought ~ '/unpack.py', it.brought ~ '/project.tar.gz'] + within, '.') }}

@name@ virtual environment:
  cmd.run:
    - name: {{ it.python | quote }} -m venv {{ it.virtualenv | quote }}
    - creates: {{ (it.virtualenv ~ '/bin/pip') | tojson }}
    - failhard: True

@name@ requirements:
  {{- step([it.virtualenv ~ '/bin/pip', 'install', '--disable-pip-version-check', '--no-input'] + it.pip_arguments
           @requirements@ + [it.requirement], 'Successfully installed', own=False) }}

@name@ places of the service:
  file.directory:
    - names: {{ [it.units, it.variables] | tojson }}
    - makedirs: True
    - failhard: True

@name@ variables:
  file.managed:
    - name: {{ (it.variables ~ '/' ~ it.name ~ '.env') | tojson }}
    - source: salt://@slug@/files/environment.j2
    - template: jinja
    - context: {{ {'environment': it.environment} | tojson }}
    - mode: '0600'
    - show_changes: False
    - failhard: True

# What hx service render prints; systemd before 253 knows no Type=notify-reload.
@name@ units:
  file.recurse:
    - name: {{ it.units | tojson }}
    - source: salt://@slug@/files/{{ units }}
    - file_mode: '0644'
    - failhard: True

# 3: it does not load, or one of Django's system checks fails. What runs is left alone then.
@name@ loads:
  {{- step(['sh', '-c', '"$@"; [ $? != 3 ]', 'sh', hx, 'check', '--quiet'] + it.words, 'never') }}

{%- if it.migrate %}

@name@ database:
  {{- step([python, 'manage.py', 'migrate', '--noinput'], 'Applying ') }}
{%- endif %}

{%- if it.collectstatic %}

@name@ static files:
  {{- step([python, 'manage.py', 'collectstatic', '--noinput'], '^[1-9][0-9]* static files? copied',
           "STATIC_ROOT|Unknown command: 'collectstatic'") }}
{%- endif %}

# Exit status 0 once the new code serves; where it does not load, the old serves on and this fails. A new Hendrix is
# executed anew, with the same sockets. No request is lost in either way. Its files are the user's, and hx trusts no
# others'.
@name@ executed anew:
  cmd.run:
    - name: {{ hx | quote }} restart
    - cwd: {{ it.project | tojson }}
    - env: {{ {'XDG_RUNTIME_DIR': it.runtime} | tojson }}
    {%- if it.root %}
    - runas: {{ it.user | tojson }}
    {%- endif %}
    - unless: {{ absent | tojson }}
    - onchanges:
      - cmd: @name@ requirements
    - failhard: True

@name@ reloaded:
  cmd.run:
    - name: {{ hx | quote }} reload
    - cwd: {{ it.project | tojson }}
    - env: {{ {'XDG_RUNTIME_DIR': it.runtime} | tojson }}
    {%- if it.root %}
    - runas: {{ it.user | tojson }}
    {%- endif %}
    - unless: {{ absent | tojson }}
    - onchanges:
      - cmd: @name@ unpacked
      {%- if it.migrate %}
      - cmd: @name@ database
      {%- endif %}
      {%- if it.collectstatic %}
      - cmd: @name@ static files
      {%- endif %}
    - failhard: True

{%- if it.systemd %}
{%- for name in @units@ %}

@name@ runs ({{ name }}):
  service.running:
    - name: {{ name }}
    - enable: True
    - watch:
      - file: @name@ units
      - file: @name@ variables
{%- endfor %}
{%- endif %}
