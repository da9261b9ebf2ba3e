# Two images: "server" (API, migrations; no torch) and "worker" (the same and torch, for CPU and GPU).
FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN useradd --create-home ltd
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./

# The libraries first: they change rarely, and their layer is kept.
FROM base AS server
RUN pip install -c constraints.txt '.[server,digits]'
COPY . .
RUN pip install --no-deps --force-reinstall .
USER ltd
WORKDIR /home/ltd

FROM base AS worker
RUN pip install -c constraints.txt '.[worker,digits]'
COPY . .
RUN pip install --no-deps --force-reinstall .
USER ltd
WORKDIR /home/ltd
