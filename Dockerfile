# Two images: "server" (API, migrations; no torch) and "worker" (the same and torch, for CPU and GPU).
ARG PYTHON_IMAGE=python:3.11-slim

# The libraries first: they change rarely, and both images share their layer. Their tests and headers are left out.
FROM ${PYTHON_IMAGE} AS libraries
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN pip install -c constraints.txt '.[server,digits]' \
 && find /usr/local/lib/python3*/site-packages -type d '(' -name tests -o -name include ')' -prune -exec rm -rf {} +

FROM libraries AS worker-libraries
RUN pip install -c constraints.txt '.[worker,digits]' \
 && find /usr/local/lib/python3*/site-packages -type d '(' -name tests -o -name include ')' -prune -exec rm -rf {} +

FROM libraries AS product
COPY . .
RUN pip install --no-deps --target /product .

# A number for a user, and the root group: a cluster may pick any other number. The root may be read-only: only /tmp and
# LTD_HOME are written.
FROM libraries AS server
ENV HOME=/tmp LTD_HOME=/var/lib/ltd PYTHONPATH=/opt/ltd
COPY --from=product /product /opt/ltd
RUN mkdir --mode=0770 /var/lib/ltd && chown 10001:0 /var/lib/ltd
WORKDIR /var/lib/ltd
USER 10001:0

FROM worker-libraries AS worker
ENV HOME=/tmp LTD_HOME=/var/lib/ltd PYTHONPATH=/opt/ltd
COPY --from=product /product /opt/ltd
RUN mkdir --mode=0770 /var/lib/ltd && chown 10001:0 /var/lib/ltd
WORKDIR /var/lib/ltd
USER 10001:0
