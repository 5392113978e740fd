# The product as it runs at a plant: web, worker, beat and migration are this one image with other commands.
FROM python:3.11-slim AS packages
WORKDIR /build
COPY requirements.txt requirements-uv.txt ./
RUN python -m venv /opt/cellwright \
    && /opt/cellwright/bin/pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
    && /opt/cellwright/bin/uv pip install --no-cache --python /opt/cellwright/bin/python \
        --require-hashes -r requirements.txt \
    && /opt/cellwright/bin/pip uninstall --yes uv

FROM python:3.11-slim
ENV PATH=/opt/cellwright/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    CELLWRIGHT_MODE=plant \
    CELLWRIGHT_DATA_DIR=/data \
    CELLWRIGHT_PEPPER_FILE=/pepper/pepper \
    CELLWRIGHT_WEB_PROCESSES=2
RUN groupadd --gid 10001 cellwright \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cellwright \
    && useradd --uid 10002 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin signer \
    && install -d -m 0700 -o cellwright -g cellwright /data /pepper \
    && install -d -m 0700 -o signer -g cellwright /signer \
    && install -d -m 0770 -o signer -g cellwright /signing
COPY --from=packages /opt/cellwright /opt/cellwright
WORKDIR /app
COPY . .
# Style sheet, scripts, icons and the API's pages are gathered once more at migration, beside the site's data;
# here it proves that every one of them is in the image. The scratch site's secret goes with its folder.
RUN scratch=$(mktemp -d) \
    && CELLWRIGHT_DATA_DIR=$scratch CELLWRIGHT_ORIGIN=https://build.invalid \
        python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf "$scratch" \
    && python -m compileall -q .
USER cellwright
EXPOSE 8000
# Two processes of four threads; a worker's heartbeat file is kept in memory, not on a disk that may stall.
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--timeout", "60", \
     "--access-logfile", "-", "--no-control-socket"]
