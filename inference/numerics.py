"""What the numerical libraries read from the environment when they start, so that the same work gives the same bits.

The workspaces are what torch takes on large GPUs; fixed here, they are the same on all, and so is what cuBLAS makes of
a product of matrices of one size. Smaller ones would forbid it to split sums up, which costs speed, and which is needed
only where the number of rows changes from call to call.
"""

NUMERICS = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "CUBLASLT_WORKSPACE_SIZE": "32768",
    "NVIDIA_TF32_OVERRIDE": "0",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
}
