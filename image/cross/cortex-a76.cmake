# Cross-compiles for the Raspberry Pi 5's processor. CMake of the host, compiler of the package crossbuild-essential-arm64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
# Armv8.2 with half precision and dot products: what the 4-bit kernels of ggml are written for
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-a76")
set(CMAKE_CXX_FLAGS_INIT "-mcpu=cortex-a76")
