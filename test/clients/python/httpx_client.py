import httpx

from harness import CLASSIFY, JPEG, WEBP, case, expect_class, read, run


@case
def form_file():
    with open(JPEG, "rb") as file:
        expect_class(httpx.post(CLASSIFY, files={"image": file}).json())


@case
def raw_body():
    expect_class(httpx.post(CLASSIFY, content=read(WEBP)).json())


@case
async def async_stream():
    async def chunks():
        content = read(JPEG)
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    async with httpx.AsyncClient() as client:
        expect_class((await client.post(CLASSIFY, content=chunks())).json())


run()
